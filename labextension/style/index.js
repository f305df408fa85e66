import './base.css';
import './output.css';
import './details.css';
